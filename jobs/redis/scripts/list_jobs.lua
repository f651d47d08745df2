-- An owner's jobs, newest first, from among the next `most` ones that were accepted before `cursor`
-- and not before `since`. With a reference only jobs with it are examined. Jobs of older versions are
-- not indexed by their reference: they are indexed here, `most` at a time.
-- ARGV: prefix, owner, "(cursor" or "+inf", since, count, most, state or "", client_ref or ""
-- Returns {cursor or "", id, …}: where to go on, unless all have been looked at.
local owner, cursor, since, count, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local state, reference = ARGV[7], ARGV[8]
local all, found, last = P .. 'owner:' .. owner, {''}, nil
local list, oldest = all, since

local function index_older(down_to)
  local range = {'(' .. down_to, '-inf', 'WITHSCORES', 'LIMIT', 0, most}
  local entries = redis.call('ZREVRANGEBYSCORE', all, unpack(range))
  for i = 1, #entries, 2 do index_reference(entries[i], owner, entries[i + 1]) end
  local reached = #entries < 2 * most and '0' or entries[#entries]
  redis.call('SET', indexed_key(owner), reached, 'PX', 2 * LONGEST_MS)
  return reached
end

local function older(limit)
  return redis.call('ZREVRANGEBYSCORE', list, cursor, oldest, 'WITHSCORES', 'LIMIT', 0, limit)
end

local function is_wanted(id)
  local is = redis.call('HGET', job_key(id), 'state')
  return is and (state == '' or is == state)
end

if reference ~= '' then
  local reached = redis.call('GET', indexed_key(owner)) or '+inf'
  if reached ~= '0' then reached = index_older(reached) end
  list = reference_key(owner, reference)
  if reached ~= '0' and (tonumber(since) or 0) < tonumber(reached) then
    oldest, last = reached, reached -- the next page has what is indexed by then
  end
end
while most > 0 and #found <= count do
  local entries = older(math.min(count, most))
  if #entries == 0 then break end
  for i = 1, #entries, 2 do
    if #found > count then break end
    if is_wanted(entries[i]) then found[#found + 1] = entries[i] end
    cursor = '(' .. entries[i + 1]
    most = most - 1
  end
end
if #older(1) > 0 then
  found[1] = string.sub(cursor, 2)
elseif last then
  local before = tonumber((string.gsub(cursor, '^%(', '')))
  found[1] = cursor ~= '+inf' and before < tonumber(last) and string.sub(cursor, 2) or last
end
return found
