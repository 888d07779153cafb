package directory

import "strings"

// The attributes that say where mail to people of other domains goes: anybody's, and that of Exchange's contacts
// ("SMTP:user@domain"), whose mail may be an address of Exchange's own.
const (
	mail          = "mail"
	targetAddress = "targetAddress"
)

// mailOf makes addresses of an attribute's values. In proxyAddresses "SMTP:" in capitals marks the primary address,
// "smtp:" the others, and further schemes are no mail at all: there only the primary one counts, or what has no
// scheme where none is marked. Elsewhere (mail, targetAddress, ...) all values count, without such a mark.
func mailOf(name string, values []string) []string {
	var addresses, primary []string
	proxies := strings.EqualFold(name, "proxyAddresses")
	for _, value := range values {
		scheme, address, marked := strings.Cut(clean(value), ":")
		switch {
		case proxies && scheme == "SMTP" && marked:
			primary = append(primary, address)
		case proxies && marked:
		case strings.EqualFold(scheme, "smtp") && marked:
			addresses = append(addresses, address)
		default:
			addresses = append(addresses, clean(value))
		}
	}
	if primary != nil {
		return primary
	}
	return addresses
}
