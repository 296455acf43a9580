#!lua name=paysentry_velocity_v1

-- Purpose   Appends records to journals and says what stands between the caller's cached part and its own records.
--           One call a batch. No arithmetic on records: windows are computed by the caller. The grammar of a journal is at the
--           head of journal-codec.ts.
-- KEYS      The journals, each once.
-- ARGV[1]   Retention in milliseconds, in decimal digits.
-- ARGV[2]   Header of 16 bytes for journals that this call creates.
-- ARGV[3]   For each key in turn: known header (16 bytes, zeros when the caller knows nothing), known length u32,
--           length of the records u32, the records. Little-endian. One argument, because a thousand cost more to parse.
-- Returns   Only journals that have something to say, as pairs: index in KEYS, bytes. Nothing said: nothing stands between.
--           A multiple of 48 bytes is what stands between; 16 more than one is the whole journal, header and all records
--           before the caller's own, because the known header or length was not (or no longer) right.
-- Errors    WRONGTYPE or JOURNAL with the key that holds no journal of this format. Keys before it are appended to by then,
--           which a repeated call makes good: a second record with the same id does not count.
-- Complexity  O(keys + bytes in and out); three commands a key.
-- Expiry    Every journal of the call expires one retention time after it.

local HEADER_BYTES = 16

local function append(keys, args)
  local retention_ms, new_header, packed = args[1], args[2], args[3]
  local tag = string.sub(new_header, 1, 4)
  local call, unpack, sub = redis.call, struct.unpack, string.sub
  local replies, said = {}, 0
  local at = 1
  for index = 1, #keys do
    local key = keys[index]
    local known_header, known_length, size = unpack('<c16I4I4', packed, at)
    local records = sub(packed, at + 24, at + 23 + size)
    at = at + 24 + size

    local header = redis.pcall('GETRANGE', key, 0, HEADER_BYTES - 1)
    local bytes = nil
    if header == known_header then
      local length = call('APPEND', key, records) - size
      call('PEXPIRE', key, retention_ms)
      if length < known_length then
        bytes = call('GETRANGE', key, 0, length - 1)
      elseif length > known_length then
        bytes = call('GETRANGE', key, known_length, length - 1)
      end
    elseif header == '' then
      call('SET', key, new_header .. records, 'PX', retention_ms)
      bytes = new_header
    elseif type(header) == 'table' then
      return redis.error_reply(header.err .. ': ' .. key)
    elseif sub(header, 1, 4) ~= tag then
      return redis.error_reply('JOURNAL of another format or no journal: ' .. key)
    else
      local length = call('APPEND', key, records) - size
      call('PEXPIRE', key, retention_ms)
      bytes = call('GETRANGE', key, 0, length - 1)
    end
    if bytes then
      replies[said + 1] = index
      replies[said + 2] = bytes
      said = said + 2
    end
  end
  return replies
end

redis.register_function('paysentry_velocity_v1_append', append)
