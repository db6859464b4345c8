namespace Paws.Kernels;

/// <summary>
/// Winograd's minimal filtering F(2 × 2, 3 × 3), rows and columns: four outputs of a 3 × 3 filter from 16 products instead of 36. A tile
/// sees the 4 × 4 pixels around its outputs; their columns are written as <see cref="RowTransform"/> writes rows, then the rows are.
/// </summary>
/// <param name="Height">Rows of the image; outside of it the image is 0.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Channels">A multiple of 16.</param>
internal readonly record struct SquareTransform(int Height, int Width, int Channels)
{
    /// <summary>Parts of a tile.</summary>
    public const int Parts = 16;

    private const int Edge = 4;
    private const int Scale = 31;
    private const int Shift = 30;
    private const int Nothing = 29;
    private const int Pixels = 16; // to 19: a column of pixels
    private const int Sums = 20; // to 23
    private const int Rounded = 24; // to 27

    /// <summary>Rows of tiles.</summary>
    public int TileRows => (Height + 1) / 2;

    /// <summary>Tiles in a row.</summary>
    public int Tiles => (Width + 1) / 2;

    /// <summary>
    /// The function (rows, result, scale, shift) for one row of tiles: rows is the address, in bf16 [4, Width, Channels], of the first of the
    /// four rows it sees, in the image or not; result bf16 [16 parts, TileRows, Tiles, Channels], at that row of tiles; of
    /// max(0, scale · pixel + shift) if activated, else of the pixels as they are.
    /// </summary>
    /// <param name="activated">Whether it is.</param>
    /// <param name="first">The first of the four rows that lies in the image.</param>
    /// <param name="last">The row after the last that does.</param>
    public byte[] Assemble(bool activated, int first, int last)
    {
        var a = new Assembler();
        a.Zero(Nothing);
        a.Set(Register.R10, Channels / 16);
        var next = a.Here;
        if (activated)
        {
            a.Load(Scale, Register.Rdx, 0);
            a.Load(Shift, Register.Rcx, 0);
            a.Add(Register.Rdx, 64);
            a.Add(Register.Rcx, 64);
        }
        for (var tile = 0; tile < Tiles; tile++)
        {
            var left = 2 * tile - 1;
            for (var column = tile == 0 ? left : left + 2; column < left + Edge; column++)
            {
                Column(a, activated, first, last, column);
            }
            for (var down = 0; down < Edge; down++)
            {
                a.Subtract(Sums, At(left, down), At(left + 2, down));
                a.Add(Sums + 1, At(left + 1, down), At(left + 2, down));
                a.Subtract(Sums + 2, At(left + 2, down), At(left + 1, down));
                a.Subtract(Sums + 3, At(left + 1, down), At(left + 3, down));
                for (var right = 0; right < Edge; right++)
                {
                    a.Round(Rounded + right, Sums + right);
                    var part = ((down * Edge + right) * TileRows * Tiles + tile) * Channels;
                    a.StoreHalf(Register.Rsi, part * sizeof(ushort), Rounded + right);
                }
            }
        }
        a.Add(Register.Rdi, 16 * sizeof(ushort));
        a.Add(Register.Rsi, 16 * sizeof(ushort));
        a.Repeat(Register.R10, next);
        a.Return();
        return a.ToArray();
    }

    /// <summary>The four sums of a column of pixels, in vectors of their own until four columns later.</summary>
    private void Column(Assembler a, bool activated, int first, int last, int column)
    {
        if (column < 0 || column >= Width)
        {
            return;
        }
        for (var row = first; row < last; row++)
        {
            a.LoadBf16(Pixels + row, Register.Rdi, (row * Width + column) * Channels * sizeof(ushort));
            if (activated)
            {
                a.MultiplyAdd(Pixels + row, Scale, Shift);
                a.Max(Pixels + row, Nothing, Pixels + row);
            }
        }
        a.Subtract(At(column, 0), Pixel(0), Pixel(2));
        a.Add(At(column, 1), Pixel(1), Pixel(2));
        a.Subtract(At(column, 2), Pixel(2), Pixel(1));
        a.Subtract(At(column, 3), Pixel(1), Pixel(3));

        int Pixel(int row) => row >= first && row < last ? Pixels + row : Nothing;
    }

    private int At(int column, int down) => column < 0 || column >= Width ? Nothing : (column + 1) % Edge * Edge + down;
}
