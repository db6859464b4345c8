namespace Paws.Kernels;

/// <summary>
/// A 3 × 3 convolution of stride 1 of one image, padded with zeros, by minimal filtering along the rows (<see cref="RowTransform"/>): a bf16
/// image is transformed, multiplied by transformed weights, and the four parts of the sums, in fp32, make two output pixels.
/// </summary>
internal sealed unsafe class ImageConvolution
{
    private const int Taps = 3;
    private readonly int vectors;
    private readonly nint[] multiply; // by tiles taken together
    private readonly nint transform;

    /// <param name="height">Rows.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="inputs">Input channels, a multiple of 16.</param>
    /// <param name="outputs">Output channels, a multiple of 16.</param>
    /// <param name="activated">Whether the input is max(0, scale · pixel + shift) instead of the pixels.</param>
    public ImageConvolution(int height, int width, int inputs, int outputs, bool activated)
    {
        (Height, Inputs, Outputs, Tiles) = (height, inputs, outputs, (width + 1) / 2);
        vectors = outputs % 32 == 0 ? 2 : 1;
        multiply = new nint[ProductTile.Most(vectors) + 1];
        for (var tiles = 1; tiles < multiply.Length; tiles++)
        {
            multiply[tiles] = ExecutableCode.Of(new ProductTile(inputs, outputs, Tiles, tiles, vectors).Assemble());
        }
        transform = ExecutableCode.Of(new RowTransform(width, inputs, height * Tiles * inputs).AssembleInput(activated));
    }

    public int Height { get; }
    public int Inputs { get; }
    public int Outputs { get; }

    /// <summary>Tiles in a row.</summary>
    public int Tiles { get; }

    /// <summary>Numbers of a transformed image.</summary>
    public int TransformedLength => RowTransform.Parts * Height * Tiles * Inputs;

    /// <summary>Numbers of the sums of so many rows.</summary>
    public int SumsLength(int rows) => RowTransform.Parts * rows * Tiles * Outputs;

    /// <summary>Numbers that packed weights take.</summary>
    public int PackedLength => RowTransform.Parts * Taps * Inputs * Outputs;

    /// <summary>Blocks of output channels, the unit in which weights are packed.</summary>
    public int Blocks => Outputs / (vectors * 16);

    /// <summary>Transforms weights w₀ w₁ w₂ of a row to w₀, (w₀ + w₁ + w₂) / 2, (w₀ − w₁ + w₂) / 2, w₂, in bf16 [4, blocks, 3, inputs / 2, 16v, 2].</summary>
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
                for (var i = 0; i < Inputs; i++)
                {
                    for (var k = 0; k < block; k++)
                    {
                        var from = weights + (nint)(b * block + k) * outputStride + (nint)i * inputStride + first + 3 * step * row;
                        var (left, middle, right) = (from[0], from[step], from[2 * step]);
                        var at = to + ((row * Inputs + i) / 2 * block + k) * 2 + i % 2;
                        at[0] = Bf16.Round(left);
                        at[part] = Bf16.Round((left + middle + right) / 2);
                        at[2 * part] = Bf16.Round((left - middle + right) / 2);
                        at[3 * part] = Bf16.Round(right);
                    }
                }
            }
        }
    }

    /// <summary>bf16 [height, width, inputs] → bf16 [4, height, tiles, inputs]; scale and shift fp32 [inputs] if activated.</summary>
    public void Transform(ushort* image, int width, float* scale, float* shift, ushort* transformed)
    {
        for (var row = 0; row < Height; row++)
        {
            ((delegate* unmanaged<ushort*, ushort*, float*, float*, void>)transform)(
                image + (nint)row * width * Inputs,
                transformed + (nint)row * Tiles * Inputs,
                scale,
                shift
            );
        }
    }

    /// <summary>The sums of rows first to before last, fp32 [4, last − first, tiles, outputs].</summary>
    public void Multiply(ushort* transformed, ushort* packed, float* sums, int first, int last)
    {
        var rowSums = Tiles * Outputs;
        for (var part = 0; part < RowTransform.Parts; part++)
        {
            var input = transformed + (nint)part * Height * Tiles * Inputs;
            var output = sums + (nint)part * (last - first) * rowSums;
            for (var block = 0; block < Blocks; block++)
            {
                var weights = packed + ((nint)part * Outputs + block * vectors * 16) * Inputs * Taps;
                var to = output + block * vectors * 16;
                var row = first;
                if (row == 0)
                {
                    Products(input, weights + RowWeights, to, Tiles, Math.Min(Height, 2));
                    row++;
                }
                var inner = Math.Min(last, Height - 1);
                if (inner > row)
                {
                    Products(input + (nint)(row - 1) * Tiles * Inputs, weights, to + (row - first) * rowSums, (inner - row) * Tiles, 3);
                    row = inner;
                }
                if (row < last)
                {
                    Products(input + (nint)(row - 1) * Tiles * Inputs, weights, to + (row - first) * rowSums, Tiles, 2);
                }
            }
        }
    }

    private int RowWeights => Inputs * vectors * 16;

    /// <summary>So many tiles, of one row or of rows one after the other, taken together in pieces of about the same size.</summary>
    private void Products(ushort* input, ushort* weights, float* sums, int tiles, int rows)
    {
        var most = multiply.Length - 1;
        var pieces = (tiles + most - 1) / most;
        for (var piece = 0; piece < pieces; piece++)
        {
            var (from, to) = (tiles * piece / pieces, tiles * (piece + 1) / pieces);
            ((delegate* unmanaged<ushort*, ushort*, float*, nint, void>)multiply[to - from])(
                input + from * Inputs,
                weights,
                sums + from * Outputs,
                rows
            );
        }
    }
}
