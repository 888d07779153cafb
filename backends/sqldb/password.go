package sqldb

import (
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
)

// unknownPassword is the hash of a password that nobody knows, in Dovecot's scheme SSHA512. Until somebody sets
// another the mailbox receives mail but opens for nobody.
func unknownPassword() string {
	var random [32 + 8]byte
	_, _ = rand.Read(random[:]) // never fails, by its contract
	salt := random[32:]
	digest := sha512.Sum512(random[:]) // password and salt
	return "{SSHA512}" + base64.StdEncoding.EncodeToString(append(digest[:], salt...))
}
