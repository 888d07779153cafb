package plan

import "strings"

// texts keeps many short texts in few large pieces: each costs its bytes, and keeps nothing else alive.
type texts struct {
	piece  *strings.Builder // never grows beyond its capacity, so that what was taken from it stays
	shared map[string]uint64
	list   []string // shared texts by their number
}

func newTexts() *texts { return &texts{piece: new(strings.Builder), shared: make(map[string]uint64)} }

// pieceSize is the size of a piece in bytes. A longer text has a piece of its own.
const pieceSize = 64 << 10

// keep returns a copy of a text.
func (t *texts) keep(text string) string {
	if len(text) > pieceSize {
		return strings.Clone(text)
	}
	if t.piece.Cap()-t.piece.Len() < len(text) {
		t.piece = new(strings.Builder)
		t.piece.Grow(pieceSize)
	}
	begin := t.piece.Len()
	t.piece.WriteString(text)
	return t.piece.String()[begin:]
}

// share returns the number of a text that many have in common.
func (t *texts) share(text string) uint64 {
	number, known := t.shared[text]
	if !known {
		number = uint64(len(t.list))
		text = t.keep(text)
		t.shared[text] = number
		t.list = append(t.list, text)
	}
	return number
}
