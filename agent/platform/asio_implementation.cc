// The one place where Boost.Asio's and Beast's own function bodies are compiled.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
