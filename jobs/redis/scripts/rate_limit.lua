-- Admit a request of a key, or return when the next one may come. A token bucket of one minute's
-- requests fills evenly; the jobs of a day are counted where they are recorded.
-- ARGV: prefix, key id, requests a minute or 0, jobs a day or 0, 1 for a request that makes a job
-- Returns {refused by: "" | "rate" | "quota", ms to wait, requests left, jobs left, ms of the day left}
local id, rate, quota = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local today, left = left_of_day(), quota - used_today(id)
local tokens = 0

if rate > 0 then
  local bucket = P .. 'rate:' .. id
  local last, before = unpack(redis.call('HMGET', bucket, 'at', 'tokens'))
  tokens = math.min(rate, (before or rate) + math.max(0, now - (last or now)) * rate / 60000)
  local allowed = tokens >= 1
  if allowed then tokens = tokens - 1 end
  redis.call('HSET', bucket, 'at', now, 'tokens', tostring(tokens))
  redis.call('PEXPIRE', bucket, 60000)
  if not allowed then
    return {'rate', math.ceil((1 - tokens) * 60000 / rate), 0, left, today}
  end
end
if quota > 0 and left <= 0 and ARGV[5] == '1' then
  return {'quota', today, math.floor(tokens), 0, today}
end
return {'', 0, math.floor(tokens), left, today}
