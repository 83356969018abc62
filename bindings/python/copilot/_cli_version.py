"""The runtime this package is developed against."""

CLI_VERSION: str | None = "1.0.85"
