"""The app's own records: one interface, two backends (Azure Table storage, SQLite)."""
