namespace Paws.Kernels;

/// <summary>
/// A 3 × 3 convolution of one image, padded with zeros: a bf16 image is written as parts (<see cref="RowTransform"/>), these are multiplied
/// by weights, and the parts' sums, in fp32, make output pixels.
/// </summary>
internal sealed unsafe class ImageConvolution
{
    private const int Taps = 3;
    private readonly int vectors;
    private readonly nint[] multiply; // by tiles taken together
    private readonly nint transform;

    /// <param name="filtering">Stride 1, stride 2, or the gradient of stride 2.</param>
    /// <param name="height">Rows of the input.</param>
    /// <param name="width">Pixels in a row of the input.</param>
    /// <param name="rows">Rows of the output.</param>
    /// <param name="columns">Pixels in a row of the output.</param>
    /// <param name="tiles">Tiles in a row.</param>
    /// <param name="inputs">Input channels, a multiple of 16.</param>
    /// <param name="outputs">Output channels, a multiple of 16.</param>
    /// <param name="activated">Whether the input is max(0, scale · pixel + shift) instead of the pixels.</param>
    public ImageConvolution(
        Filtering filtering,
        int height,
        int width,
        int rows,
        int columns,
        int tiles,
        int inputs,
        int outputs,
        bool activated
    )
    {
        (Filtering, Height, Width, Rows, Columns, Tiles) = (filtering, height, width, rows, columns, tiles);
        (Inputs, Outputs) = (inputs, outputs);
        vectors = outputs % 32 == 0 ? 2 : 1;
        multiply = new nint[ProductTile.Most(vectors) + 1];
        for (var together = 1; together < multiply.Length; together++)
        {
            multiply[together] = ExecutableCode.Of(new ProductTile(inputs, outputs, tiles, together, vectors).Assemble());
        }
        transform = ExecutableCode.Of(new RowTransform(filtering, width, tiles, inputs, height * tiles * inputs).AssembleInput(activated));
    }

    public Filtering Filtering { get; }
    public int Height { get; }
    public int Width { get; }
    public int Rows { get; }
    public int Columns { get; }
    public int Tiles { get; }
    public int Inputs { get; }
    public int Outputs { get; }

    /// <summary>Parts of a tile.</summary>
    public int Parts => RowTransform.Parts(Filtering);

    /// <summary>Numbers of a transformed image.</summary>
    public int TransformedLength => Parts * Height * Tiles * Inputs;

    /// <summary>Numbers of the sums of so many rows.</summary>
    public int SumsLength(int rows) => Parts * rows * Tiles * Outputs;

    /// <summary>Output rows whose sums are at most so many numbers; at least one.</summary>
    public int RowsAtOnce(int numbers) => Math.Clamp(numbers / SumsLength(1), 1, Rows);

    /// <summary>Numbers that packed weights take.</summary>
    public int PackedLength => Parts * Taps * Inputs * Outputs;

    /// <summary>Blocks of output channels, the unit in which weights are packed.</summary>
    public int Blocks => Outputs / (vectors * 16);

    /// <summary>Weights of the parts, in bf16 [parts, blocks, 3, inputs / 2, 16v, 2].</summary>
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
            for (var row = 0; row < Taps; row++)
            {
                // Of the gradient of stride 2, even rows take the middle tap, odd rows the first (of turned taps) and the last.
                var tap = Filtering == Filtering.Spread && row < 2 ? 1 - row : row;
                for (var i = 0; i < Inputs; i++)
                {
                    for (var k = 0; k < block; k++)
                    {
                        var from = weights + (nint)(b * block + k) * outputStride + (nint)i * inputStride + first + 3 * step * tap;
                        var (left, middle, right) = (from[0], from[step], from[2 * step]);
                        var at = to + ((row * Inputs + i) / 2 * block + k) * 2 + i % 2;
                        switch (Filtering)
                        {
                            case Filtering.Plain:
                                at[0] = Bf16.Round(left);
                                at[part] = Bf16.Round((left + middle + right) / 2);
                                at[2 * part] = Bf16.Round((left - middle + right) / 2);
                                at[3 * part] = Bf16.Round(right);
                                break;
                            case Filtering.Strided:
                                at[0] = Bf16.Round(left);
                                at[part] = Bf16.Round(middle);
                                at[2 * part] = Bf16.Round(right);
                                break;
                            default:
                                at[0] = Bf16.Round(middle);
                                at[part] = Bf16.Round(left);
                                at[2 * part] = Bf16.Round(right);
                                break;
                        }
                    }
                }
            }
        }
    }

    /// <summary>bf16 [height, width, inputs] → bf16 [parts, height, tiles, inputs]; scale and shift fp32 [inputs] if activated.</summary>
    public void Transform(ushort* image, float* scale, float* shift, ushort* transformed)
    {
        for (var row = 0; row < Height; row++)
        {
            ((delegate* unmanaged[SuppressGCTransition]<ushort*, ushort*, float*, float*, void>)transform)(
                image + (nint)row * Width * Inputs,
                transformed + (nint)row * Tiles * Inputs,
                scale,
                shift
            );
        }
    }

    /// <summary>The sums of output rows first to before last, fp32 [parts, last − first, tiles, outputs].</summary>
    public void Multiply(ushort* transformed, ushort* packed, float* sums, int first, int last)
    {
        var rowSums = Tiles * Outputs;
        for (var part = 0; part < Parts; part++)
        {
            var input = transformed + (nint)part * Height * Tiles * Inputs;
            var output = sums + (nint)part * (last - first) * rowSums;
            for (var block = 0; block < Blocks; block++)
            {
                var weights = packed + ((nint)part * Outputs + block * vectors * 16) * Inputs * Taps;
                var to = output + block * vectors * 16;
                for (var row = first; row < last; )
                {
                    var (inputRow, tap, taps) = Meets(row);
                    // Rows that meet all three taps follow each other without a gap, input and output, where the stride is 1.
                    var together = Filtering == Filtering.Plain && taps == Taps ? Math.Min(last, Height - 1) - row : 1;
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

    /// <summary>The first input row that an output row meets, the first of the packed taps there, and how many rows and taps.</summary>
    private (int InputRow, int Tap, int Taps) Meets(int row)
    {
        if (Filtering == Filtering.Spread)
        {
            return row % 2 == 0 ? (row / 2, 0, 1) : (row / 2, 1, Math.Min(2, Height - row / 2));
        }
        var top = (Filtering == Filtering.Strided ? 2 * row : row) - 1;
        var (from, end) = (Math.Max(0, top), Math.Min(Height, top + Taps));
        return (from, from - top, end - from);
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
