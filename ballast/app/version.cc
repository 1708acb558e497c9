namespace ballast::app {
const char* version() { return BALLAST_VERSION; }
}  // namespace ballast::app
