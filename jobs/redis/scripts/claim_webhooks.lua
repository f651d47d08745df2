-- Claim deliveries that are due. Owners take turns: the next is always the owner with the fewest
-- running deliveries, and none has more than a share. Deliveries of expired jobs are dropped.
-- ARGV: prefix, most, lease ms, most of an owner, owner, how many it has under way, …
-- Returns {{job id, attempt, owner}, …}
local most, lease, share = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local under_way, taken, waiting = {}, {}, {}
for i = 5, #ARGV, 2 do under_way[ARGV[i]] = tonumber(ARGV[i + 1]) end

local function move_old_entries()
  for _, id in ipairs(redis.call('ZRANGE', OUTBOX, 0, 199)) do
    local owner, due = redis.call('HGET', job_key(id), 'owner'), redis.call('ZSCORE', OUTBOX, id)
    redis.call('ZREM', OUTBOX, id)
    if owner then post(owner, id, due) end
  end
end

local function take_of(owner)
  local id = redis.call('ZRANGEBYSCORE', outbox_key(owner), '-inf', now, 'LIMIT', 0, 1)[1]
  if not id then return false end
  if redis.call('EXISTS', job_key(id)) == 0 then
    redis.call('ZREM', outbox_key(owner), id)
  else
    redis.call('ZADD', outbox_key(owner), now + lease, id)
    taken[#taken + 1] = {id, redis.call('HINCRBY', job_key(id), 'webhook_attempts', 1), owner}
    under_way[owner] = (under_way[owner] or 0) + 1
  end
  return true
end

local function next_owner()
  local best
  for owner in pairs(waiting) do
    local count = under_way[owner] or 0
    if count < share and (not best or count < under_way[best]) then best = owner end
  end
  return best
end

move_old_entries()
for _, owner in ipairs(redis.call('ZRANGEBYSCORE', OUTBOXES, '-inf', now, 'LIMIT', 0, 1000)) do
  waiting[owner], under_way[owner] = true, under_way[owner] or 0
end
local seen, looks = {}, 0
while #taken < most and looks < 1000 do
  local owner = next_owner()
  if not owner then break end
  seen[owner], looks = true, looks + 1
  if not take_of(owner) then waiting[owner] = nil end
end
for owner in pairs(seen) do note_first_due(owner) end
return taken
