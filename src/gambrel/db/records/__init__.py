"""What rows can be beyond columns: named by natural keys, ordered, in trees, with a history."""
