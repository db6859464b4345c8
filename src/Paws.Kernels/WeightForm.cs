namespace Paws.Kernels;

/// <summary>What the parts of tiles are multiplied by: w₀ w₁ w₂ of a row as w₀, (w₀ + w₁ + w₂) / 2, (w₀ − w₁ + w₂) / 2, w₂.</summary>
internal static unsafe class WeightForm
{
    /// <summary>A row of three taps, step numbers apart, to its parts, so many numbers apart.</summary>
    public static void Row(Filtering filtering, float* taps, int step, ushort* to, nint part)
    {
        var (left, middle, right) = (taps[0], taps[step], taps[2 * step]);
        switch (filtering)
        {
            case Filtering.Plain:
                to[0] = Bf16.Round(left);
                to[part] = Bf16.Round((left + middle + right) / 2);
                to[2 * part] = Bf16.Round((left - middle + right) / 2);
                to[3 * part] = Bf16.Round(right);
                break;
            case Filtering.Strided:
                to[0] = Bf16.Round(left);
                to[part] = Bf16.Round(middle);
                to[2 * part] = Bf16.Round(right);
                break;
            default: // Spread
                to[0] = Bf16.Round(middle);
                to[part] = Bf16.Round(left);
                to[2 * part] = Bf16.Round(right);
                break;
        }
    }

    /// <summary>Nine taps, step numbers apart, to their sixteen parts: columns first, then rows.</summary>
    public static void Square(float* taps, int step, ushort* to, nint part)
    {
        var down = stackalloc float[4 * 3];
        for (var column = 0; column < 3; column++)
        {
            var (top, middle, bottom) = (taps[column * step], taps[(3 + column) * step], taps[(6 + column) * step]);
            down[column] = top;
            down[3 + column] = (top + middle + bottom) / 2;
            down[6 + column] = (top - middle + bottom) / 2;
            down[9 + column] = bottom;
        }
        for (var row = 0; row < 4; row++)
        {
            Row(Filtering.Plain, down + 3 * row, 1, to + 4 * row * part, part);
        }
    }
}
