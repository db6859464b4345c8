namespace Paws.Runner.Reporting.Charts;

/// <summary>Names with their marks, in as many rows as the width needs: no two overlap.</summary>
internal static class Legend
{
    /// <summary>Height of one row.</summary>
    public const double RowHeight = 18;

    private const double Swatch = 30,
        Gap = 18;

    /// <summary>Width of a text, from the widest font in use (DejaVu Sans), so that others need less.</summary>
    public static double TextWidth(string text, double size = 12) => 0.59 * size * text.Length;

    /// <summary>Height of the rows that the names need.</summary>
    public static double Height(IReadOnlyList<string> names, double width) => RowHeight * Places(names, width).Rows;

    /// <summary>Writes the names from (left, top) on; <paramref name="mark"/> draws number i centred at a point, 24 wide at most.</summary>
    public static void Draw(
        SvgDrawing svg,
        Theme theme,
        IReadOnlyList<string> names,
        double left,
        double top,
        double width,
        Action<int, double, double> mark
    )
    {
        var (places, _) = Places(names, width);
        for (int i = 0; i < names.Count; i++)
        {
            double x = left + places[i].X,
                y = top + RowHeight * (places[i].Row + 0.5);
            mark(i, x + 12, y);
            svg.Text(x + Swatch, y + 4, names[i], $"fill:{theme.Text}");
        }
    }

    private static ((double X, int Row)[] Places, int Rows) Places(IReadOnlyList<string> names, double width)
    {
        var places = new (double, int)[names.Count];
        double x = 0;
        int row = 0;
        for (int i = 0; i < names.Count; i++)
        {
            double need = Swatch + TextWidth(names[i]);
            if (x > 0 && x + need > width)
            {
                (x, row) = (0, row + 1);
            }
            places[i] = (x, row);
            x += need + Gap;
        }
        return (places, names.Count == 0 ? 0 : row + 1);
    }
}
