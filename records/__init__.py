"""The app's own records: one interface, two homes (Azure Table storage, SQLite)."""
