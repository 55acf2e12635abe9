// What expat's configure would find out about WASI.
#define BYTEORDER 1234
#define HAVE_MEMMOVE 1
#define XML_CONTEXT_BYTES 1024
#define XML_DTD 1
#define XML_NS 1
#define PACKAGE_NAME "expat"
#define PACKAGE_VERSION "2.5.0"
#define PACKAGE_STRING "expat 2.5.0"
