#include "ballast/math/internal/linear_form.h"

#include <algorithm>
#include <cmath>

namespace ballast::math {
namespace {

struct Piece {
  double from, to, slope;
};

// The straight pieces between the bounds; neighbours of one slope are one piece. A point is a piece too.
std::vector<Piece> pieces(const PiecewiseConvex& f) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<Piece> found;
  for (std::size_t i = 0; i < f.slopes.size(); ++i) {
    const double from = std::max(i == 0 ? -infinity : f.kinks[i - 1], f.lowest);
    const double to = std::min(i == f.kinks.size() ? infinity : f.kinks[i], f.highest);
    if (!(from < to || (found.empty() && from == to && to == f.highest))) continue;
    if (!found.empty() && found.back().slope == f.slopes[i]) {
      found.back().to = to;
    } else {
      found.push_back({from, to, f.slopes[i]});
    }
  }
  return found;
}

// The piece of least slope: for a penalty or a band that is where nothing is paid.
std::size_t home(const std::vector<Piece>& all) {
  const auto flatter = [](const Piece& a, const Piece& b) { return std::abs(a.slope) < std::abs(b.slope); };
  return static_cast<std::size_t>(std::min_element(all.begin(), all.end(), flatter) - all.begin());
}

}  // namespace

LinearForm linear_form(const PiecewiseProgram& program) {
  const std::size_t n = program.n(), m = program.m();
  LinearForm form;
  form.start.push_back(0);
  const auto add = [&](double lowest, double highest, double cost, std::size_t owner) {
    form.lowest.push_back(lowest);
    form.highest.push_back(highest);
    form.cost.push_back(cost);
    form.owner.push_back(owner);
  };
  // What a function costs beside the line through 0 with its home slope: nothing on the home piece, if 0 lies on it.
  const auto beside = [](const PiecewiseConvex& f, const Piece& at) {
    const double x = std::isfinite(at.from) ? at.from : std::isfinite(at.to) ? at.to : 0.0;
    return f.value(x) - at.slope * x;
  };

  std::vector<std::vector<Piece>> row_pieces(m);
  for (std::size_t i = 0; i < m; ++i) {
    const PiecewiseConvex& f = program.rows[i];
    row_pieces[i] = pieces(f);
    const Piece& at = row_pieces[i][home(row_pieces[i])];
    form.row_slope.push_back(at.slope);
    form.row_lowest.push_back(at.from - program.offset[i]);
    form.row_highest.push_back(at.to - program.offset[i]);
    form.constant += beside(f, at) + at.slope * program.offset[i];
  }

  const auto entries = [&](std::size_t j) {
    for (std::size_t i = 0; i < m; ++i) {
      const double a = program.matrix[j * m + i];
      if (a == 0.0) continue;
      form.row.push_back(static_cast<int>(i));
      form.entry.push_back(a);
    }
    form.start.push_back(static_cast<int>(form.row.size()));
  };
  std::vector<std::vector<Piece>> column_pieces(n);
  std::vector<double> from_rows(n);
  for (std::size_t j = 0; j < n; ++j) {
    const PiecewiseConvex& f = program.columns[j];
    column_pieces[j] = pieces(f);
    const Piece& at = column_pieces[j][home(column_pieces[j])];
    for (std::size_t i = 0; i < m; ++i) from_rows[j] += program.matrix[j * m + i] * form.row_slope[i];
    add(at.from, at.to, at.slope + from_rows[j], j);
    form.constant += beside(f, at);
    entries(j);
  }
  // Beyond the home piece a variable runs from 0 outwards and pays the whole slope of a column, but of a row only what
  // is above its home slope, which A x has paid already.
  for (std::size_t j = 0; j < n; ++j) {
    const auto& all = column_pieces[j];
    const std::size_t at = home(all);
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (k == at) continue;
      const double length = all[k].to - all[k].from;
      add(k > at ? 0.0 : -length, k > at ? length : 0.0, all[k].slope + from_rows[j], j);
      entries(j);
    }
  }
  for (std::size_t i = 0; i < m; ++i) {
    const auto& all = row_pieces[i];
    const std::size_t at = home(all);
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (k == at) continue;
      const double length = all[k].to - all[k].from;
      add(k > at ? 0.0 : -length, k > at ? length : 0.0, all[k].slope - form.row_slope[i], n + i);
      form.row.push_back(static_cast<int>(i));
      form.entry.push_back(-1.0);
      form.start.push_back(static_cast<int>(form.row.size()));
    }
  }
  return form;
}

std::vector<double> LinearForm::amounts(const double* v, std::size_t n) const {
  std::vector<double> x(v, v + n);
  for (std::size_t k = n; k < owner.size(); ++k) {
    if (owner[k] < n) x[owner[k]] += v[k];
  }
  return x;
}

}  // namespace ballast::math
