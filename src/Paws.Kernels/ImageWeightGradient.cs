using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Paws.Kernels;

/// <summary>
/// The gradient of a 3 × 3 convolution of stride 1, padded with zeros, by its weights, from a few images at a time. The pixels are
/// what is summed over, two at a time, so pairs of neighbours are woven beforehand: of the output's gradient the pairs (0, 1), (2, 3), …;
/// of the input these for the middle tap, and (−1, 0), (1, 2), … for the taps on both sides.
/// </summary>
internal sealed unsafe class ImageWeightGradient
{
    private const int TapsOfARow = 3;
    private readonly int vectors;
    private readonly (int Channel, int Channels)[] tiles;
    private readonly nint[,,] code; // [tile, middle tap?, all rows?]

    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="inputs">Input channels, a multiple of 16.</param>
    /// <param name="outputs">Output channels, a multiple of 16.</param>
    public ImageWeightGradient(int height, int width, int inputs, int outputs)
    {
        (Height, Width, Inputs, Outputs, Pairs) = (height, width, inputs, outputs, (width + 1) / 2);
        vectors = outputs % 32 == 0 ? 2 : 1;
        var most = WeightGradientTile.MostInputChannels(vectors);
        var count = (inputs + most - 1) / most;
        tiles = new (int, int)[count];
        code = new nint[count, 2, 2];
        for (var t = 0; t < count; t++)
        {
            var (from, to) = (inputs * t / count, inputs * (t + 1) / count);
            tiles[t] = (from, to - from);
            for (var middle = 0; middle < 2; middle++)
            {
                for (var whole = 0; whole < 2; whole++)
                {
                    var (inputPairs, rows) = (middle == 1 ? Pairs : Pairs + 1, whole == 1 ? height : height - 1);
                    var same = t > 0 && tiles[t - 1].Channels == to - from;
                    code[t, middle, whole] =
                        same ? code[t - 1, middle, whole]
                        : rows == 0 ? 0
                        : (nint)
                            new WeightGradientTile(
                                inputs,
                                outputs,
                                to - from,
                                vectors,
                                Pairs,
                                inputPairs,
                                rows,
                                height,
                                height,
                                1
                            ).Assemble();
                }
            }
        }
    }

    public int Height { get; }
    public int Width { get; }
    public int Inputs { get; }
    public int Outputs { get; }

    /// <summary>Pairs of a row.</summary>
    public int Pairs { get; }

    /// <summary>Numbers of one image's woven pairs: of the gradient, of the input for the middle tap, of the input for the other taps.</summary>
    public int OutputLength => Height * Pairs * Outputs * 2;

    public int MiddleLength => Height * Pairs * Inputs * 2;

    public int SideLength => Height * (Pairs + 1) * Inputs * 2;

    /// <summary>Weaves an image of the output's gradient and adds its pixels to the bias's gradient.</summary>
    /// <param name="gradient">bf16 [height, width, outputs].</param>
    /// <param name="woven">OutputLength numbers.</param>
    /// <param name="bias">fp32 [outputs], added to.</param>
    public void WeaveOutput(ushort* gradient, ushort* woven, float* bias)
    {
        for (var row = 0; row < Height; row++)
        {
            for (var c = 0; c < Outputs; c += 16)
            {
                var from = gradient + (nint)row * Width * Outputs + c;
                var to = woven + ((nint)row * Pairs * Outputs + c) * 2;
                var sum = Vector512.Load(bias + c);
                for (var pair = 0; pair < Pairs; pair++)
                {
                    var bits = Avx512F.ConvertToVector512UInt32(Vector256.Load(from));
                    sum += Vector512.ShiftLeft(bits, 16).AsSingle();
                    if (2 * pair + 1 < Width)
                    {
                        var second = Vector512.ShiftLeft(Avx512F.ConvertToVector512UInt32(Vector256.Load(from + Outputs)), 16);
                        sum += second.AsSingle();
                        bits |= second;
                    }
                    bits.AsUInt16().Store(to);
                    from += 2 * Outputs;
                    to += 2 * Outputs;
                }
                sum.Store(bias + c);
            }
        }
    }

    /// <summary>Weaves max(0, scale · pixel + shift), rounded to bf16, of an image of the input.</summary>
    /// <param name="image">bf16 [height, width, inputs].</param>
    /// <param name="scale">fp32 [inputs].</param>
    /// <param name="shift">fp32 [inputs].</param>
    /// <param name="middle">MiddleLength numbers.</param>
    /// <param name="side">SideLength numbers.</param>
    public void WeaveInput(ushort* image, float* scale, float* shift, ushort* middle, ushort* side)
    {
        for (var row = 0; row < Height; row++)
        {
            for (var c = 0; c < Inputs; c += 16)
            {
                var from = image + (nint)row * Width * Inputs + c;
                var toMiddle = middle + ((nint)row * Pairs * Inputs + c) * 2;
                var toSide = side + ((nint)row * (Pairs + 1) * Inputs + c) * 2;
                var (k, b) = (Vector512.Load(scale + c), Vector512.Load(shift + c));
                var before = Vector512<uint>.Zero;
                for (var pair = 0; pair < Pairs; pair++)
                {
                    var even = Bf16.RoundInPlace(Vector512.Max(Bf16.Load(from) * k + b, Vector512<float>.Zero));
                    var odd =
                        2 * pair + 1 < Width
                            ? Bf16.RoundInPlace(Vector512.Max(Bf16.Load(from + Inputs) * k + b, Vector512<float>.Zero))
                            : Vector512<uint>.Zero;
                    (Vector512.ShiftRightLogical(before, 16) | even).AsUInt16().Store(toSide);
                    (Vector512.ShiftRightLogical(even, 16) | odd).AsUInt16().Store(toMiddle);
                    before = odd;
                    from += 2 * Inputs;
                    toMiddle += 2 * Inputs;
                    toSide += 2 * Inputs;
                }
                Vector512.ShiftRightLogical(before, 16).AsUInt16().Store(toSide);
            }
        }
    }

    /// <summary>Adds the gradient of some images, woven one after the other, to sums [3, 3, inputs, outputs] in fp32.</summary>
    public void Add(ushort* output, ushort* middle, ushort* side, int images, float* sums)
    {
        var outputRow = (nint)Pairs * Outputs * 2;
        for (var down = 0; down < TapsOfARow; down++)
        {
            var whole = down == 1 ? 1 : 0;
            if (Height == 1 && whole == 0)
            {
                continue; // the tap only meets rows outside
            }
            var output0 = down == 0 ? output + outputRow : output;
            for (var right = 0; right < TapsOfARow; right++)
            {
                var input = right == 1 ? middle : side;
                var inputPairs = right == 1 ? Pairs : Pairs + 1;
                // The first input row that the tap meets is 0, but for the lowest taps, which begin one below; the right tap begins
                // with the pair (1, 2).
                input += ((nint)(down == 2 ? 1 : 0) * inputPairs + (right == 2 ? 1 : 0)) * Inputs * 2;
                var tap = sums + (nint)(down * TapsOfARow + right) * Inputs * Outputs;
                for (var t = 0; t < tiles.Length; t++)
                {
                    var run = (delegate* unmanaged<ushort*, ushort*, float*, nint, void>)code[t, right == 1 ? 1 : 0, whole];
                    var channel = tiles[t].Channel;
                    for (var o = 0; o < Outputs; o += vectors * 16)
                    {
                        run(output0 + o * 2, input + channel * 2, tap + (nint)channel * Outputs + o, images);
                    }
                }
            }
        }
    }
}
