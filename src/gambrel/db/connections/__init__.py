"""Connections to a database: where it is, pools of them, and what each kind needs."""
