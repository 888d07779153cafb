// Package openldap keeps mail accounts in iRedMail's OpenLDAP tree: o=domains, below it a mailDomain entry for each
// hosted domain, below that ou=Users and ou=Aliases. What iRedMail keeps in SQL beside it - used quota, last login,
// shares, deleted mailboxes - is brought along in a database.
//
// A directory has no transactions. Every change is therefore made in an order in which doing it again, after it was
// cut off anywhere, ends in the same state: a mailbox is known by its mail directory; in a renaming
// references go before the entry, in a deletion behind it, as the server may refuse that.
package openldap
