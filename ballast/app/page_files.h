#pragma once
#include <string_view>

namespace ballast::app {

/// A file of ballast/app/page/ as cmake/embed_files.cmake compiled it in.
struct PageFile {
  std::string_view content;
  std::string_view sha256;  ///< of the content, base64, as a content security policy names it
};

extern const PageFile page_frame_css;  ///< the style that all pages share
extern const PageFile page_plots_js;   ///< the drawing that pages with smiles share
extern const PageFile page_surface_html, page_surface_css, page_surface_js;
extern const PageFile page_frontier_html, page_frontier_css, page_frontier_js;
extern const PageFile page_backtest_html, page_backtest_css, page_backtest_js;
extern const PageFile page_calibration_html, page_calibration_css, page_calibration_js;

}  // namespace ballast::app
