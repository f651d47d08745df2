-- What waits and what runs; changes nothing. The oldest is looked for among the heads of a queue,
-- where fairness puts the first job of each owner.
-- ARGV: prefix, ms within which a worker counts as alive, how many heads
-- Returns {running, workers, {waiting, age of the oldest in ms}, …} for retry (those that wait for the photo store),
-- interactive, bulk
local alive = (now - ARGV[2]) / 1000
local answer = {redis.call('ZCARD', LEASES), redis.call('ZCOUNT', P .. 'workers', alive, '+inf')}
for _, queue in ipairs({DELAYED, HI, LO}) do
  local oldest = now
  for _, id in ipairs(redis.call('ZRANGE', queue, 0, ARGV[3] - 1)) do
    oldest = math.min(oldest, tonumber(redis.call('HGET', job_key(id), 'created_at') or now))
  end
  answer[#answer + 1] = {redis.call('ZCARD', queue), now - oldest}
end
return answer
