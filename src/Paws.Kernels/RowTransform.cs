using System.Runtime.InteropServices;

namespace Paws.Kernels;

/// <summary>How an image is filtered.</summary>
internal enum Filtering
{
    /// <summary>Stride 1, by Winograd's minimal filtering of rows.</summary>
    Plain,

    /// <summary>Stride 1, by minimal filtering of rows and columns: <see cref="SquareTransform"/>.</summary>
    Square,

    /// <summary>Stride 2.</summary>
    Strided,

    /// <summary>The gradient of stride 2 by the input: from the smaller image to the larger.</summary>
    Spread,
}

/// <summary>
/// Writes the rows of an image as tiles of a few parts each, so that filtering is a product of each part with weights of its own.
/// Plain is Winograd's minimal filtering F(2, 3): two neighbouring outputs y₀ y₁ of three taps from four products p instead of six. A
/// tile sees the pixels d₋₁ d₀ d₁ d₂ around its outputs:
///   d₋₁ − d₁, d₀ + d₁, d₁ − d₀, d₀ − d₂ and y₀ = p₀ + p₁ + p₂, y₁ = p₁ − p₂ − p₃
/// and for the gradient by the weights the outputs' gradient g₀ g₁ is written as g₀, g₀ + g₁, g₀ − g₁, g₁. Sums are made in fp32 and
/// rounded to bf16 once. Strided has one output a tile, d₋₁, d₀, d₁ and y = p₀ + p₁ + p₂; Spread two, g₀, g₀, g₁ (of this
/// tile and the next) and y₀ = p₀, y₁ = p₁ + p₂.
/// S. Winograd, Arithmetic Complexity of Computations, SIAM 1980; A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks,
/// CVPR 2016.
/// </summary>
/// <param name="Filtering">Which.</param>
/// <param name="Width">Pixels in a row; outside of it the image is 0.</param>
/// <param name="Tiles">Tiles in a row.</param>
/// <param name="Channels">A multiple of 16.</param>
/// <param name="Part">Numbers from one part of the result to the next.</param>
internal readonly record struct RowTransform(Filtering Filtering, int Width, int Tiles, int Channels, int Part)
{
    /// <summary>Parts of a tile.</summary>
    public static int Parts(Filtering filtering) =>
        filtering switch
        {
            Filtering.Plain => 4,
            Filtering.Square => SquareTransform.Parts,
            _ => 3,
        };

    // Vectors that are the same for a whole row, and others that are used in turn.
    private const int Scale = 31;
    private const int Shift = 30;
    private const int Nothing = 29;
    private const int Weave = 28;
    private const int BiasSum = 27;
    private const int Rounded = 24; // to 26, in turn
    private const int OtherImage = 12; // vectors of the second image; of the first from 0: pixels, then sums
    private const int PixelsInUse = 6;

    private static readonly nint Interleave = Indices();

    /// <summary>
    /// The function (row, result, scale, shift): row bf16 [Width, Channels], result bf16 [parts, Tiles, Channels], the input form; of
    /// max(0, scale · pixel + shift) if activated, else of the pixels as they are.
    /// </summary>
    public byte[] AssembleInput(bool activated)
    {
        var a = new Assembler();
        EveryVector(
            a,
            Register.Rdx,
            activated ? Register.Rcx : null,
            row =>
            {
                for (var tile = 0; tile < row.Tiles; tile++)
                {
                    var parts = row.InputForm(a, Register.Rdi, activated, 0, tile);
                    for (var part = 0; part < parts.Length; part++)
                    {
                        a.Round(Rounded + part % 3, parts[part]);
                        a.StoreHalf(Register.Rsi, (part * row.Part + tile * row.Channels) * sizeof(ushort), Rounded + part % 3);
                    }
                }
                a.Add(Register.Rdi, 16 * sizeof(ushort));
                a.Add(Register.Rsi, 16 * sizeof(ushort));
            }
        );
        return a.ToArray();
    }

    /// <summary>
    /// The function (row, other, result, scale, shift) for the rows of two images: result bf16 [parts, Tiles, Channels, 2], the
    /// input form of max(0, scale · pixel + shift), the images' numbers side by side.
    /// </summary>
    public byte[] AssembleWovenInput()
    {
        var a = new Assembler();
        EveryVector(
            a,
            Register.Rcx,
            Register.R8,
            row =>
            {
                for (var tile = 0; tile < row.Tiles; tile++)
                {
                    row.StoreWoven(
                        a,
                        tile,
                        row.InputForm(a, Register.Rdi, true, 0, tile),
                        row.InputForm(a, Register.Rsi, true, OtherImage, tile)
                    );
                }
                row.NextWoven(a);
            }
        );
        return a.ToArray();
    }

    /// <summary>
    /// The function (row, other, result, bias) for the rows of two images: result bf16 [parts, Tiles, Channels, 2], the gradient form
    /// of the pixels, the images' numbers side by side; all pixels are added to bias, fp32 [Channels].
    /// </summary>
    public byte[] AssembleWovenGradient()
    {
        var a = new Assembler();
        EveryVector(
            a,
            Register.Rcx,
            null,
            row =>
            {
                a.Load(BiasSum, Register.Rcx, 0);
                for (var tile = 0; tile < row.Tiles; tile++)
                {
                    row.StoreWoven(
                        a,
                        tile,
                        row.GradientForm(a, Register.Rdi, 0, tile),
                        row.GradientForm(a, Register.Rsi, OtherImage, tile)
                    );
                }
                a.Store(Register.Rcx, 0, BiasSum);
                a.Add(Register.Rcx, 64);
                row.NextWoven(a);
            }
        );
        return a.ToArray();
    }

    /// <summary>Repeats the body for every sixteen channels, with their scale and shift in vectors.</summary>
    private void EveryVector(Assembler a, Register scale, Register? shift, Action<RowTransform> body)
    {
        a.Zero(Nothing);
        a.Set(Register.R10, Interleave);
        a.Load(Weave, Register.R10, 0);
        a.Set(Register.R10, Channels / 16);
        var next = a.Here;
        if (shift is { } address)
        {
            a.Load(Scale, scale, 0);
            a.Load(Shift, address, 0);
            a.Add(scale, 64);
            a.Add(address, 64);
        }
        body(this);
        a.Repeat(Register.R10, next);
        a.Return();
    }

    /// <summary>Makes the parts of a tile and says in which vectors they are.</summary>
    private int[] InputForm(Assembler a, Register row, bool activated, int image, int tile)
    {
        var width = Width;
        var (first, seen, step) = Filtering switch
        {
            Filtering.Plain => (2 * tile - 1, 4, 2),
            Filtering.Strided => (2 * tile - 1, 3, 2),
            _ => (tile, 2, 1),
        };
        for (var column = tile == 0 ? first : first + seen - step; column < first + seen; column++)
        {
            if (column >= 0 && column < Width)
            {
                a.LoadBf16(Pixel(column), row, column * Channels * sizeof(ushort));
                if (activated)
                {
                    a.MultiplyAdd(Pixel(column), Scale, Shift);
                    a.Max(Pixel(column), Nothing, Pixel(column));
                }
            }
        }
        if (Filtering == Filtering.Strided)
        {
            return [At(first), At(first + 1), At(first + 2)];
        }
        if (Filtering == Filtering.Spread)
        {
            return [At(first), At(first), At(first + 1)];
        }
        var sums = image + PixelsInUse;
        a.Subtract(sums, At(first), At(first + 2));
        a.Add(sums + 1, At(first + 1), At(first + 2));
        a.Subtract(sums + 2, At(first + 2), At(first + 1));
        a.Subtract(sums + 3, At(first + 1), At(first + 3));
        return [sums, sums + 1, sums + 2, sums + 3];

        int Pixel(int column) => image + (column + 1) % PixelsInUse;
        int At(int column) => column < 0 || column >= width ? Nothing : Pixel(column);
    }

    private int[] GradientForm(Assembler a, Register row, int image, int tile)
    {
        if (Filtering == Filtering.Strided)
        {
            a.LoadBf16(image, row, tile * Channels * sizeof(ushort));
            a.Add(BiasSum, BiasSum, image);
            return [image];
        }
        a.LoadBf16(image, row, 2 * tile * Channels * sizeof(ushort));
        if (2 * tile + 1 < Width)
        {
            a.LoadBf16(image + 3, row, (2 * tile + 1) * Channels * sizeof(ushort));
        }
        else
        {
            a.Zero(image + 3);
        }
        a.Add(image + 1, image, image + 3);
        a.Subtract(image + 2, image, image + 3);
        a.Add(BiasSum, BiasSum, image + 1);
        return [image, image + 1, image + 2, image + 3];
    }

    private void StoreWoven(Assembler a, int tile, int[] parts, int[] others)
    {
        for (var part = 0; part < parts.Length; part++)
        {
            var woven = Rounded + part % 3;
            a.Round(woven, parts[part], others[part]);
            a.Permute(woven, Weave, woven);
            a.Store(Register.Rdx, (part * Part + tile * Channels * 2) * sizeof(ushort), woven);
        }
    }

    private void NextWoven(Assembler a)
    {
        a.Add(Register.Rdi, 16 * sizeof(ushort));
        a.Add(Register.Rsi, 16 * sizeof(ushort));
        a.Add(Register.Rdx, 64);
    }

    /// <summary>0, 16, 1, 17, …: the two halves of a vector of 16-bit numbers side by side.</summary>
    private static unsafe nint Indices()
    {
        var indices = (ushort*)NativeMemory.AlignedAlloc(64, 64);
        for (var i = 0; i < 32; i++)
        {
            indices[i] = (ushort)(i / 2 + i % 2 * 16);
        }
        return (nint)indices;
    }
}
