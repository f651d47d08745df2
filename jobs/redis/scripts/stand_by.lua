-- A worker without work waits for the next job, which then wakes it. Until then it may be woken by
-- one that it does not serve, or that another worker takes.
-- ARGV: prefix, worker, ms
redis.call('DEL', P .. 'wake:' .. ARGV[2])
redis.call('ZADD', STANDBY, now + ARGV[3], ARGV[2])
