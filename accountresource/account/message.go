package account

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Message is a sentence for an admin that has no language yet: the key of a text in locales/ and the values it
// names. It is what reasons, refusals and errors travel and are stored as, so that each reader sees his own language.
type Message struct {
	Key  string            `json:"key"`
	Args map[string]string `json:"args,omitempty"`
}

// Say makes a message from a key and pairs of name and value.
func Say(key string, pairs ...string) Message {
	m := Message{Key: key}
	for i := 0; i+1 < len(pairs); i += 2 {
		if m.Args == nil {
			m.Args = make(map[string]string, len(pairs)/2)
		}
		m.Args[pairs[i]] = pairs[i+1]
	}
	return m
}

// IsZero tells that there is nothing to say.
func (m Message) IsZero() bool { return m.Key == "" }

// String is the message for a log, where nobody translates.
func (m Message) String() string {
	if len(m.Args) == 0 {
		return m.Key
	}
	var b strings.Builder
	b.WriteString(m.Key)
	for i, k := range slices.Sorted(maps.Keys(m.Args)) {
		b.WriteString([]string{" (", ", "}[min(i, 1)])
		b.WriteString(k + "=" + m.Args[k])
	}
	b.WriteByte(')')
	return b.String()
}

// Abbreviate names some of many, for the values of a message or a difference.
func Abbreviate(list []string) string {
	const most = 20
	if len(list) > most {
		return strings.Join(list[:most], ", ") + " … (" + strconv.Itoa(len(list)) + ")"
	}
	return strings.Join(list, ", ")
}
