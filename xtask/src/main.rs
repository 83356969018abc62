//! `cargo xtask gen [--check] [--schemas DIR] [--out DIR]`: writes the protocol types of every language.

mod model;
mod names;
mod reader;
mod schema;

fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let m = schema::read(std::path::Path::new(&dir)).unwrap();
    println!("{} types, {} methods, {} events, {} shared", m.types.len(), m.methods.len(), m.events.len(), m.shared.len());
    println!("{:?}", m.param_aliases.keys());
    for t in m.types.values() { if t.inline.is_some() { println!("{}", t.key.name); } 
      if let model::Kind::Union{tag:None,..} = &t.kind { println!("  untagged {}", t.key.name); } }
}
