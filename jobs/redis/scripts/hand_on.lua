-- A worker neither works nor stands by any more. What waits, and may have woken it or counted on it, is
-- for others.
-- ARGV: prefix, worker   Returns notify
redis.call('ZREM', STANDBY, ARGV[2])
redis.call('ZREM', WORKING, ARGV[2])
return count_waiting() > 0 and notify() or 0
