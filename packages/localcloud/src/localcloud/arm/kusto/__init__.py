"""The part of Kusto that the emulated Resource Graph understands: from a query's text to its rows."""
