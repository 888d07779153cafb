package account

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Move is an address that becomes another.
type Move struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// RenamePhases orders moves into passes, each of which has room where it goes: where a move leads to an address that
// another leaves, it first steps aside, so that swaps and chains work; one that has stepped aside already waits there. A
// pass that is done again is harmless as long as the next one has not begun.
func RenamePhases(moves []Move) [][]Move {
	leaving := make(map[string]bool, len(moves))
	for _, m := range moves {
		leaving[m.From] = true
	}
	var away, direct, back []Move
	for _, m := range moves {
		if !leaving[m.To] {
			direct = append(direct, m)
			continue
		}
		from := m.From
		if !IsTempAddress(from) {
			from = TempAddress(m)
			away = append(away, Move{m.From, from})
		}
		back = append(back, Move{from, m.To})
	}
	var passes [][]Move
	for _, pass := range [][]Move{away, direct, back} {
		if len(pass) > 0 {
			passes = append(passes, pass)
		}
	}
	return passes
}

// TempAddress is the address that a move uses on its way: always the same for the same move, and nobody's otherwise.
func TempAddress(m Move) string {
	sum := sha256.Sum256([]byte(m.From + " " + m.To))
	return aside + hex.EncodeToString(sum[:12]) + m.To[max(0, strings.LastIndexByte(m.To, '@')):]
}

const aside = "renaming-"

// IsTempAddress reports whether an address is one of those on the way.
func IsTempAddress(address string) bool {
	local, found := strings.CutPrefix(address[:max(0, strings.LastIndexByte(address, '@'))], aside)
	digits, err := hex.DecodeString(local)
	return found && err == nil && len(digits) == 12
}

// AsideAddresses returns the addresses under which an account may be put away that has to leave its own to somebody else, in the order
// in which they are tried: name.old@domain, name.old-2@domain and so on.
func AsideAddresses(address string) (aside []string) {
	const (
		tries = 9
		most  = 64 // octets of a local part (RFC 5321 4.5.3.1.1)
	)
	local, domain, _ := strings.Cut(address, "@")
	suffix := ".old"
	for n := 2; len(aside) < tries; n++ {
		kept := strings.TrimRight(local[:min(len(local), most-len(suffix))], ".") // two dots in a row are no address
		aside = append(aside, kept+suffix+"@"+domain)
		suffix = ".old-" + strconv.Itoa(n)
	}
	return aside
}
