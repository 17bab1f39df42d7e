//! AND, OR, CASE, and the guards that keep a raising operand from being evaluated before its condition.
