"""The homes of the records."""
