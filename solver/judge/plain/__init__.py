"""What the judges hold: a round re-checked (`verify`), its optimality proven (`prove`), in plain Python."""
