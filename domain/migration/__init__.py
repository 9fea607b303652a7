"""What a migration decides: its request, its plan, its bodies, how far it has come."""
