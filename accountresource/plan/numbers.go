package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// numbers gives source IDs small numbers, so that what is kept for each of a hundred thousand objects costs little.
type numbers struct {
	of    map[account.SourceID]uint32
	ids   []account.SourceID
	texts *texts
}

func newNumbers(t *texts) *numbers {
	return &numbers{of: make(map[account.SourceID]uint32), texts: t}
}

// give returns the number of a source ID, which gets one now if it has none.
func (n *numbers) give(id account.SourceID) uint32 {
	number, known := n.of[id]
	if !known {
		number = uint32(len(n.ids))
		id = account.SourceID(n.texts.keep(string(id)))
		n.of[id] = number
		n.ids = append(n.ids, id)
	}
	return number
}

// all returns the numbers of source IDs.
func (n *numbers) all(ids []account.SourceID) []uint32 {
	list := make([]uint32, len(ids))
	for i, id := range ids {
		list[i] = n.give(id)
	}
	return list
}

// sourceSet is a set of source IDs: a bit for each that has a number.
type sourceSet struct {
	numbers *numbers
	bits    []uint64
}

func newSourceSet(n *numbers) *sourceSet { return &sourceSet{numbers: n} }

const wordSize = 64

// add adds a source ID, and reports whether it is new.
func (s *sourceSet) add(id account.SourceID) bool { return s.addNumber(s.numbers.give(id)) }

func (s *sourceSet) addNumber(number uint32) bool {
	word, bit := int(number/wordSize), uint64(1)<<(number%wordSize)
	for len(s.bits) <= word {
		s.bits = append(s.bits, 0)
	}
	if s.bits[word]&bit != 0 {
		return false
	}
	s.bits[word] |= bit
	return true
}

func (s *sourceSet) remove(id account.SourceID) {
	if number, known := s.numbers.of[id]; known && s.hasNumber(number) {
		s.bits[number/wordSize] &^= 1 << (number % wordSize)
	}
}

func (s *sourceSet) has(id account.SourceID) bool {
	number, known := s.numbers.of[id]
	return known && s.hasNumber(number)
}

func (s *sourceSet) hasNumber(number uint32) bool {
	word := int(number / wordSize)
	return word < len(s.bits) && s.bits[word]&(1<<(number%wordSize)) != 0
}
