-- A worker that was notified works, and stands by no more.
-- ARGV: prefix, worker
redis.call('ZREM', STANDBY, ARGV[2])
redis.call('ZADD', WORKING, time[1], ARGV[2])
