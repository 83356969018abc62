"""Types and namespaces of the runtime's protocol. Classes are made when a program first touches them."""
