package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"time"

	"golang.org/x/crypto/argon2"
)

// The cost of a verifier: about 10 ms and 8 MiB at each sign-in. The key below it is what keeps a stolen database from
// being searched; the cost is for somebody who has the key as well.
const (
	argonTime    = 1
	argonMemory  = 8 << 10 // KiB
	argonThreads = 1
	digestLength = 32
	saltLength   = 16
)

// keyed returns the HMAC of a person's password for one purpose, so that no value of one purpose or person says anything
// about another.
func keyed(key []byte, purpose string, who Key, password string) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{purpose, string(who.Source), password} {
		_ = binary.Write(mac, binary.BigEndian, uint64(len(part))) // a hash takes every byte
		mac.Write([]byte(part))
	}
	_ = binary.Write(mac, binary.BigEndian, who.Resource)
	return mac.Sum(nil)
}

func stretch(key, salt []byte, who Key, password string) []byte {
	return argon2.IDKey(keyed(key, "verifier", who, password), salt, argonTime, argonMemory, argonThreads, digestLength)
}

func newVerifier(key []byte, who Key, password, stamp string, now time.Time) Verifier {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	return Verifier{Salt: salt, Digest: stretch(key, salt, who, password), Since: now, Checked: now, Stamp: stamp}
}

// matches reports whether the verifier is that of the password.
func (v *Verifier) matches(key []byte, who Key, password string) bool {
	return subtle.ConstantTimeCompare(v.Digest, stretch(key, v.Salt, who, password)) == 1
}
