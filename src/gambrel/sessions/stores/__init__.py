"""Stores of sessions: in the memory of one process, or in Redis for many."""
