package web

import "time"

// layouts are how people write a day and a time, by the base of their language. The script puts both into the reader's
// own time zone; without it the page names the zone of the server.
var layouts = map[string]string{
	"de": "02.01.2006 15:04:05 MST", "es": "02/01/2006 15:04:05 MST", "fr": "02/01/2006 15:04:05 MST",
	"it": "02/01/2006 15:04:05 MST", "pl": "02.01.2006 15:04:05 MST", "pt": "02/01/2006 15:04:05 MST",
	"ru": "02.01.2006 15:04:05 MST", "tr": "02.01.2006 15:04:05 MST", "ja": "2006/01/02 15:04:05 MST",
	"zh": "2006/01/02 15:04:05 MST", "ar": "02/01/2006 15:04:05 MST",
}

// FormatTime writes a time for people; pages give it to the script, too, which knows the reader's time zone.
func (s *localizer) FormatTime(t time.Time) string {
	base, _ := s.tag.Base()
	layout, known := layouts[base.String()]
	if !known {
		layout = "2006-01-02 15:04:05 MST"
	}
	return t.Local().Format(layout)
}

// Stamp writes a time for machines.
func (s *localizer) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
