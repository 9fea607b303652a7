"""One Azure (or record) operation each. Every activity can run twice without harm and answers expected failures as values."""
