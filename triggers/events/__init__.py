"""What Event Grid delivers."""
