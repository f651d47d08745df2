-- A worker without work waits for the next job, which then wakes it. Until then it may be woken by
-- one that it does not serve, or that another worker takes. While jobs wait, they are for other
-- workers, and what does not serve them would wake one another without end.
-- ARGV: prefix, worker, ms   Returns {1 or 0 while jobs wait, notify}
redis.call('ZREM', WORKING, ARGV[2])
if count_waiting() > 0 then return {0, notify()} end
redis.call('DEL', P .. 'wake:' .. ARGV[2])
redis.call('ZADD', STANDBY, now + ARGV[3], ARGV[2])
return {1, 0}
