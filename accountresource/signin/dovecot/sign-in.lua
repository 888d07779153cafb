-- Asks the panel whether a password is a person's in the directory. Made by the panel, page Account Resources, tab Sign-in.
-- Whoever reads this file can ask for any account: owner root, group dovecot, mode 0640.

local URL = "{{.URL}}"
local TOKEN = "{{.Token}}"

-- What the panel's answers are to Dovecot. Any other is no answer: clients keep their password and try again.
local RESULTS = {
  ok = "OK", offline = "OK", not_directory = "NEXT", wrong = "PASSWORD_MISMATCH", disabled = "USER_DISABLED", expired = "PASS_EXPIRED",
}

-- Dovecot 2.3 passes over settings that it does not know, 2.4 refuses them: the older names have to come first.
local CLIENTS = {
  { connect_timeout_msecs = 2000, request_timeout_msecs = 5000, request_absolute_timeout_msecs = 5000, max_attempts = 1, user_agent = "dovecot" },
  { connect_timeout = "2s", request_timeout = "5s", request_absolute_timeout = "5s", request_max_attempts = 1, user_agent = "dovecot" },
}

local client

local function http()
  for _, settings in ipairs(CLIENTS) do
    if client then break end
    local made, found = pcall(dovecot.http.client, settings)
    if made then client = found end
  end
  return client
end

-- A form has letters and digits as they are, and every other byte in hexadecimal.
local function encoded(text)
  return (string.gsub(text or "", "[^A-Za-z0-9]", function(c) return string.format("%%%02X", string.byte(c)) end))
end

-- A field of the request under the first name that this Dovecot knows.
local function field(request, ...)
  for _, name in ipairs({ ... }) do
    local known, value = pcall(function() return request[name] end)
    if known and type(value) == "string" and value ~= "" then return value end
  end
  return ""
end

local function ask(request, password)
  local asked = http():request({ url = URL, method = "POST" })
  asked:add_header("Authorization", "Bearer " .. TOKEN)
  asked:add_header("Content-Type", "application/x-www-form-urlencoded")
  asked:set_payload("user=" .. encoded(field(request, "user")) .. "&password=" .. encoded(password) ..
    "&service=" .. encoded(field(request, "protocol", "service")) .. "&rip=" .. encoded(field(request, "remote_ip", "rip")))
  return asked:submit():payload()
end

function auth_password_verify(request, password)
  if field(request, "skip_password_check") ~= "" or request.skip_password_check == true then
    return dovecot.auth.PASSDB_RESULT_OK, {} -- a master user, who has proved that already
  end
  local answered, answer = pcall(ask, request, password)
  local result = answered and RESULTS[answer]
  if not result then
    return dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, "the panel does not answer"
  elseif result == "OK" then
    return dovecot.auth.PASSDB_RESULT_OK, {}
  end
  return dovecot.auth["PASSDB_RESULT_" .. result], ""
end

function auth_passdb_lookup(request)
  return dovecot.auth.PASSDB_RESULT_NEXT, ""
end

function script_init()
  return 0
end

function script_deinit()
end
