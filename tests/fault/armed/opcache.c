/* As much of OPcache as the library recognises it by. */
struct {
	const char *name, *version;
} zend_extension_entry = {"Zend OPcache", "8.4.24"};
struct {
	int api;
	const char *build_id;
} extension_version_info = {420240924, "API420240924,TS"};
