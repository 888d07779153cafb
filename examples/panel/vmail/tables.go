package vmail

// tables describes iRedMail's "vmail" database: a table a paragraph, its name and keys in the first line, then a
// column a line: name, type, default ("-": none, the column must be given; "null": may be NULL).
//
// Types: vN text of up to N characters, aN the same in ASCII, cN fixed, text, int, big, bool (a small number), time,
// stamp (time of the row), date, serial. A "*" marks columns that servers before iRedMail 1.7.3 lack.
const tables = `
domain | primary domain
domain v255 ''
description text null
disclaimer text null
aliases int 0
mailboxes int 0
maillists int 0
maxquota big 0
quota big 0
transport v255 'dovecot'
backupmx bool 0
settings text null
created time past
modified time past
expired time never
active bool 1

alias_domain | primary alias_domain
alias_domain v255 -
target_domain v255 -
created time past
modified time past
active bool 1

mailbox | primary username
username v255 ''
password v255 ''
name v255 ''
language v5 ''
first_name* v255 ''
last_name* v255 ''
mobile* v255 ''
telephone* v255 ''
recovery_email* v255 ''
birthday* date '0001-01-01'
mailboxformat v50 'maildir'
mailboxfolder v50 'Maildir'
storagebasedirectory v255 '/var/vmail'
storagenode v255 'vmail1'
maildir v255 ''
quota big 0
domain v255 ''
transport v255 ''
department v255 ''
rank v255 'normal'
employeeid v255 ''
isadmin bool 0
isglobaladmin bool 0
enablesmtp bool 1
enablesmtpsecured bool 1
enablepop3 bool 1
enablepop3secured bool 1
enablepop3tls bool 1
enableimap bool 1
enableimapsecured bool 1
enableimaptls bool 1
enabledeliver bool 1
enablelda bool 1
enablemanagesieve bool 1
enablemanagesievesecured bool 1
enablesieve bool 1
enablesievesecured bool 1
enablesievetls bool 1
enableinternal bool 1
enabledoveadm bool 1
enablelib-storage bool 1
enablequota-status bool 1
enableindexer-worker bool 1
enablelmtp bool 1
enabledsync bool 1
enablesogo bool 1
enablesogowebmail c1 'y'
enablesogocalendar c1 'y'
enablesogoactivesync c1 'y'
allow_nets text null
disclaimer text null
settings text null
passwordlastchange time past
created time past
modified time past
expired time never
active bool 1

alias | primary address
address v255 ''
name v255 ''
accesspolicy v30 ''
domain v255 ''
created time past
modified time past
expired time never
active bool 1

forwardings | primary id | unique address forwarding
id serial -
address v255 ''
forwarding v255 ''
domain v255 ''
dest_domain v255 ''
is_maillist bool 0
is_list bool 0
is_forwarding bool 0
is_alias bool 0
active bool 1

moderators | primary id | unique address moderator
id serial -
address v255 ''
moderator v255 ''
domain v255 ''
dest_domain v255 ''

maillists | primary id | unique address | unique mlid
id serial -
address v255 ''
domain v255 ''
transport v255 ''
accesspolicy v30 ''
maxmsgsize big 0
name v255 ''
description text null
mlid v36 ''
is_newsletter bool 0
settings text null
created time past
modified time past
expired time never
active bool 1

maillist_owners | primary id | unique address owner
id serial -
address v255 ''
owner v255 ''
domain v255 ''
dest_domain v255 ''

domain_admins | primary username domain
username a255 ''
domain a255 ''
created time past
modified time past
expired time never
active bool 1

admin | primary username
username v255 ''
password v255 ''
name v255 ''
language v5 ''
passwordlastchange time past
settings text null
created time past
modified time past
expired time never
active bool 1

sender_bcc_user | primary username
username v255 ''
bcc_address v255 ''
domain v255 ''
created time past
modified time past
expired time never
active bool 1

recipient_bcc_user | primary username
username v255 ''
bcc_address v255 ''
domain v255 ''
created time past
modified time past
expired time never
active bool 1

sender_bcc_domain | primary domain
domain v255 ''
bcc_address v255 ''
created time past
modified time past
expired time never
active bool 1

recipient_bcc_domain | primary domain
domain v255 ''
bcc_address v255 ''
created time past
modified time past
expired time never
active bool 1

sender_relayhost | primary id | unique account
id serial -
account v255 ''
relayhost v255 ''

used_quota | primary username
username v255 -
bytes big 0
messages big 0
domain v255 ''

last_login | primary username
username v255 ''
domain v255 ''
imap int null
pop3 int null
lda int null

share_folder | primary from_user to_user
from_user a255 -
to_user a255 -
dummy c1 null

anyone_shares | primary from_user
from_user v255 -
dummy c1 null

deleted_mailboxes | primary id
id serial -
timestamp stamp -
username v255 ''
domain v255 ''
maildir v255 ''
bytes* big 0
messages* big 0
admin v255 ''
delete_date date null
`
