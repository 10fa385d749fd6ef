"""An embedded Microsoft 365 tenant that imitates recorded facts, for trying and testing without a real one."""
