-- A moved seat's code stays known after its use: the till whose answer was lost asks again, with the same key.

-- The RFC 7638 thumbprint of the key that took the seat; null: it waits.
ALTER TABLE seat_codes ADD COLUMN used_by_key text;

GRANT UPDATE (used_by_key) ON seat_codes TO tillcast_app;
