namespace Paws.Kernels;

/// <summary>
/// A 3 × 3 convolution of one image, padded with zeros: a bf16 image is written as parts (<see cref="RowTransform"/>,
/// <see cref="SquareTransform"/>), these are multiplied by weights, and the parts' sums, in fp32, make output pixels.
/// </summary>
internal sealed unsafe class ImageConvolution
{
    private readonly int vectors;
    private readonly nint[] multiply; // by tiles taken together
    private readonly nint[] transform; // by row of tiles, where these differ

    /// <param name="filtering">Stride 1, stride 2, or the gradient of stride 2.</param>
    /// <param name="height">Rows of the input.</param>
    /// <param name="width">Pixels in a row of the input.</param>
    /// <param name="rows">Rows of the output.</param>
    /// <param name="columns">Pixels in a row of the output.</param>
    /// <param name="inputs">Input channels, a multiple of 16.</param>
    /// <param name="outputs">Output channels, a multiple of 16.</param>
    /// <param name="activated">Whether the input is max(0, scale · pixel + shift) instead of the pixels.</param>
    public ImageConvolution(Filtering filtering, int height, int width, int rows, int columns, int inputs, int outputs, bool activated)
    {
        (Filtering, Height, Width, Rows, Columns, Inputs, Outputs) = (filtering, height, width, rows, columns, inputs, outputs);
        Tiles = filtering == Filtering.Strided ? columns : (columns + 1) / 2;
        vectors = outputs % 32 == 0 ? 2 : 1;
        multiply = new nint[ProductTile.Most(vectors) + 1];
        for (var together = 1; together < multiply.Length; together++)
        {
            multiply[together] = ExecutableCode.Of(new ProductTile(inputs, outputs, Tiles, together, vectors).Assemble());
        }
        if (filtering != Filtering.Square)
        {
            var row = new RowTransform(filtering, width, Tiles, inputs, height * Tiles * inputs);
            transform = [ExecutableCode.Of(row.AssembleInput(activated))];
            return;
        }
        var square = new SquareTransform(height, width, inputs);
        transform = new nint[square.TileRows];
        for (var row = 0; row < transform.Length; row++)
        {
            var inner = row > 1 && 2 * row + 2 < height; // as the one before it
            transform[row] = inner
                ? transform[row - 1]
                : ExecutableCode.Of(square.Assemble(activated, row == 0 ? 1 : 0, Math.Min(4, height - (2 * row - 1))));
        }
    }

    public Filtering Filtering { get; }
    public int Height { get; }
    public int Width { get; }
    public int Rows { get; }
    public int Columns { get; }
    public int Inputs { get; }
    public int Outputs { get; }

    /// <summary>Tiles in a row.</summary>
    public int Tiles { get; }

    /// <summary>Rows of pixels that a row of tiles makes.</summary>
    public int TileRows => Filtering == Filtering.Square ? 2 : 1;

    /// <summary>Pixels of a row that a tile makes.</summary>
    public int TileColumns => Filtering == Filtering.Strided ? 1 : 2;

    /// <summary>Rows of tiles.</summary>
    public int Bands => (Rows + TileRows - 1) / TileRows;

    /// <summary>Numbers of a transformed image.</summary>
    public int TransformedLength => Parts * InputBands * Tiles * Inputs;

    /// <summary>Numbers of the sums of so many rows of tiles.</summary>
    public int SumsLength(int bands) => Parts * bands * Tiles * Outputs;

    /// <summary>
    /// Rows of tiles to make pixels of at a time: of few channels so that their sums stay in the first cache, of many so that the weights
    /// there serve many tiles.
    /// </summary>
    public int BandsAtOnce => Math.Clamp((Filtering == Filtering.Square ? 32 : 8) * 1024 / SumsLength(1), 1, Bands);

    /// <summary>Numbers that packed weights take.</summary>
    public int PackedLength => Parts * Taps * Inputs * Outputs;

    /// <summary>Blocks of output channels, the unit in which weights are packed.</summary>
    public int Blocks => Outputs / (vectors * 16);

    private int Parts => RowTransform.Parts(Filtering);

    // Taps of a column that are left to the products.
    private int Taps => Filtering == Filtering.Square ? 1 : 3;

    private int InputBands => Filtering == Filtering.Square ? Bands : Height;

    /// <summary>Weights of the parts, in bf16 [parts, blocks, taps, inputs / 2, 16v, 2].</summary>
    /// <param name="weights">fp32; weights[output, input, 3, 3], taps one after the other.</param>
    /// <param name="outputStride">Numbers from one output channel to the next.</param>
    /// <param name="inputStride">Numbers from one input channel to the next.</param>
    /// <param name="turned">Whether taps are taken from the last to the first, as the gradient by the input needs them.</param>
    /// <param name="packed">PackedLength numbers.</param>
    /// <param name="blocks">The blocks to pack.</param>
    public void Pack(float* weights, int outputStride, int inputStride, bool turned, ushort* packed, (int From, int To) blocks)
    {
        var block = vectors * 16;
        var part = (nint)Taps * Inputs * Outputs;
        var (first, step) = turned ? (8, -1) : (0, 1);
        for (var b = blocks.From; b < blocks.To; b++)
        {
            var to = packed + (nint)b * block * Inputs * Taps;
            for (var i = 0; i < Inputs; i++)
            {
                for (var k = 0; k < block; k++)
                {
                    var from = weights + (nint)(b * block + k) * outputStride + (nint)i * inputStride + first;
                    var at = to + (i / 2 * block + k) * 2 + i % 2;
                    if (Filtering == Filtering.Square)
                    {
                        WeightForm.Square(from, step, at, part);
                        continue;
                    }
                    for (var row = 0; row < Taps; row++)
                    {
                        // Of the gradient of stride 2, even rows take the middle tap, odd rows the first (of turned taps) and the last.
                        var tap = Filtering == Filtering.Spread && row < 2 ? 1 - row : row;
                        WeightForm.Row(Filtering, from + 3 * step * tap, step, at + (nint)row * Inputs * block, part);
                    }
                }
            }
        }
    }

    /// <summary>bf16 [height, width, inputs] → bf16 [parts, rows or bands, tiles, inputs]; scale and shift fp32 [inputs] if activated.</summary>
    public void Transform(ushort* image, float* scale, float* shift, ushort* transformed)
    {
        var square = Filtering == Filtering.Square;
        for (var row = 0; row < InputBands; row++)
        {
            ((delegate* unmanaged[SuppressGCTransition]<ushort*, ushort*, float*, float*, void>)transform[square ? row : 0])(
                image + (nint)(square ? 2 * row - 1 : row) * Width * Inputs,
                transformed + (nint)row * Tiles * Inputs,
                scale,
                shift
            );
        }
    }

    /// <summary>The sums of rows of tiles first to before last, fp32 [parts, last − first, tiles, outputs].</summary>
    public void Multiply(ushort* transformed, ushort* packed, float* sums, int first, int last)
    {
        var rowSums = Tiles * Outputs;
        for (var part = 0; part < Parts; part++)
        {
            var input = transformed + (nint)part * InputBands * Tiles * Inputs;
            var output = sums + (nint)part * (last - first) * rowSums;
            for (var block = 0; block < Blocks; block++)
            {
                var weights = packed + ((nint)part * Outputs + block * vectors * 16) * Inputs * Taps;
                var to = output + block * vectors * 16;
                for (var row = first; row < last; )
                {
                    var (inputRow, tap, taps, until) = Meets(row);
                    var together = Math.Min(last, until) - row;
                    Products(
                        input + (nint)inputRow * Tiles * Inputs,
                        weights + (nint)tap * Inputs * vectors * 16,
                        to + (row - first) * rowSums,
                        together * Tiles,
                        taps
                    );
                    row += together;
                }
            }
        }
    }

    /// <summary>
    /// The first input row that a row of tiles meets, the first of the packed taps there, how many rows and taps, and the row before which all
    /// meet the same taps, with input and output one after the other.
    /// </summary>
    private (int InputRow, int Tap, int Taps, int Until) Meets(int row)
    {
        if (Filtering == Filtering.Square)
        {
            return (row, 0, 1, Bands);
        }
        if (Filtering == Filtering.Spread)
        {
            return row % 2 == 0 ? (row / 2, 0, 1, row + 1) : (row / 2, 1, Math.Min(2, Height - row / 2), row + 1);
        }
        var top = (Filtering == Filtering.Strided ? 2 * row : row) - 1;
        var (from, end) = (Math.Max(0, top), Math.Min(Height, top + Taps));
        var inner = Filtering == Filtering.Plain && end - from == Taps;
        return (from, from - top, end - from, inner ? Height - 1 : row + 1);
    }

    /// <summary>So many tiles, one after the other, taken together in pieces of about the same size.</summary>
    private void Products(ushort* input, ushort* weights, float* sums, int tiles, int taps)
    {
        var most = multiply.Length - 1;
        var pieces = (tiles + most - 1) / most;
        for (var piece = 0; piece < pieces; piece++)
        {
            var (from, to) = (tiles * piece / pieces, tiles * (piece + 1) / pieces);
            ((delegate* unmanaged[SuppressGCTransition]<ushort*, ushort*, float*, nint, void>)multiply[to - from])(
                input + from * Inputs,
                weights,
                sums + from * Outputs,
                taps
            );
        }
    }
}
