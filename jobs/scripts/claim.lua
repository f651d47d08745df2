-- Take up to n jobs under a lease; one that already cost a worker its life is taken alone.
-- KEYS: retry, hi, lo, leases, bell, events   ARGV: job prefix, n, lease ms
-- Returns {ring, {id, {field, value, …}}, …}; what is no longer queued is passed over.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken = {0}

local function take(id)
  local key = ARGV[1] .. id
  if redis.call('HGET', key, 'state') ~= 'queued' then return end
  local start_by = redis.call('HGET', key, 'start_by')
  if start_by and now > tonumber(start_by) then
    local ttl = redis.call('HGET', key, 'ttl')
    redis.call('HSET', key, 'state', 'expired', 'finished_at', now, 'expires_at', now + ttl)
    redis.call('PEXPIRE', key, ttl)
    redis.call('PUBLISH', KEYS[6], id)
    return
  end
  redis.call('HINCRBY', key, 'attempts', 1)
  redis.call('HSET', key, 'state', 'running', 'started_at', now)
  redis.call('ZADD', KEYS[4], now + ARGV[3], id)
  redis.call('PUBLISH', KEYS[6], id)
  taken[#taken + 1] = {id, redis.call('HGETALL', key)}
end

local function fill(list, most)
  while #taken - 1 < most do
    local id = redis.call('LPOP', list)
    if not id then return end
    take(id)
  end
end

redis.call('DEL', KEYS[5])
fill(KEYS[1], 1)
if #taken == 1 then
  fill(KEYS[2], tonumber(ARGV[2]))
  fill(KEYS[3], tonumber(ARGV[2]))
end
local left = redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]) + redis.call('LLEN', KEYS[3])
if left > 0 and redis.call('SET', KEYS[5], 1, 'NX', 'PX', 3000) then taken[1] = 1 end
return taken
