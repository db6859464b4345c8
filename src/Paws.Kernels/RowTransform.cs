using System.Runtime.InteropServices;

namespace Paws.Kernels;

/// <summary>
/// Winograd's minimal filtering F(2, 3) along the rows of an image: two neighbouring outputs of a filter of three taps from four products
/// instead of six. A row is cut into tiles of two outputs; a tile sees the four pixels d₋₁ d₀ d₁ d₂ around it and is written as
///   input:    d₋₁ − d₁, d₀ + d₁, d₁ − d₀, d₀ − d₂
///   gradient: g₀, g₀ + g₁, g₀ − g₁, g₁
/// the first for products with weights (output = p₀ + p₁ + p₂, p₁ − p₂ − p₃), both for the gradient by the weights. Sums are made in
/// fp32 and rounded to bf16 once. S. Winograd, Arithmetic Complexity of Computations, SIAM 1980; A. Lavin and S. Gray, Fast
/// Algorithms for Convolutional Neural Networks, CVPR 2016.
/// </summary>
/// <param name="Width">Pixels in a row; outside of it the image is 0.</param>
/// <param name="Channels">A multiple of 16.</param>
/// <param name="Part">Numbers from one of the four parts of the result to the next.</param>
internal readonly record struct RowTransform(int Width, int Channels, int Part)
{
    /// <summary>Parts of a tile.</summary>
    public const int Parts = 4;

    // Vectors that are the same for a whole row, and others that are used in turn.
    private const int Scale = 31;
    private const int Shift = 30;
    private const int Nothing = 29;
    private const int Weave = 28;
    private const int BiasSum = 27;
    private const int Results = 20; // 20 to 23
    private const int Other = 10; // pixels of the second image begin here; of the first at 0
    private const int PixelsInUse = 6;

    private static readonly nint Interleave = Indices();

    private int Tiles => (Width + 1) / 2;

    /// <summary>
    /// The function (row, result, scale, shift): row bf16 [Width, Channels], result bf16 [4 parts, Tiles, Channels], the input form; of
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
                    row.InputForm(a, Register.Rdi, activated, 0, tile);
                    for (var part = 0; part < Parts; part++)
                    {
                        a.Round(Results + part, Results + part);
                        a.StoreHalf(Register.Rsi, (part * row.Part + tile * row.Channels) * sizeof(ushort), Results + part);
                    }
                }
                a.Add(Register.Rdi, 16 * sizeof(ushort));
                a.Add(Register.Rsi, 16 * sizeof(ushort));
            }
        );
        return a.ToArray();
    }

    /// <summary>
    /// The function (row, other, result, scale, shift) for the rows of two images: result bf16 [4 parts, Tiles, Channels, 2], the
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
                    row.InputForm(a, Register.Rdi, true, 0, tile);
                    row.InputForm(a, Register.Rsi, true, Other, tile);
                    row.StoreWoven(a, tile);
                }
                row.NextWoven(a);
            }
        );
        return a.ToArray();
    }

    /// <summary>
    /// The function (row, other, result, bias) for the rows of two images: result bf16 [4 parts, Tiles, Channels, 2], the gradient form
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
                    row.GradientForm(a, Register.Rdi, 0, tile);
                    row.GradientForm(a, Register.Rsi, Other, tile);
                    row.StoreWoven(a, tile);
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

    /// <summary>Puts the four parts of a tile into vectors Results (of the first image) or Results + 4.</summary>
    private void InputForm(Assembler a, Register row, bool activated, int image, int tile)
    {
        var first = 2 * tile - 1;
        for (var column = tile == 0 ? first : first + 2; column < first + 4; column++)
        {
            if (column >= 0 && column < Width)
            {
                var pixel = image + (column + 1) % PixelsInUse;
                a.LoadBf16(pixel, row, column * Channels * sizeof(ushort));
                if (activated)
                {
                    a.MultiplyAdd(pixel, Scale, Shift);
                    a.Max(pixel, Nothing, pixel);
                }
            }
        }
        var self = this;
        int At(int column) => column < 0 || column >= self.Width ? Nothing : image + (column + 1) % PixelsInUse;
        var to = Results + (image == 0 ? 0 : -Parts);
        a.Subtract(to, At(first), At(first + 2));
        a.Add(to + 1, At(first + 1), At(first + 2));
        a.Subtract(to + 2, At(first + 2), At(first + 1));
        a.Subtract(to + 3, At(first + 1), At(first + 3));
    }

    private void GradientForm(Assembler a, Register row, int image, int tile)
    {
        var to = Results + (image == 0 ? 0 : -Parts);
        a.LoadBf16(to, row, 2 * tile * Channels * sizeof(ushort));
        if (2 * tile + 1 < Width)
        {
            a.LoadBf16(to + 3, row, (2 * tile + 1) * Channels * sizeof(ushort));
        }
        else
        {
            a.Zero(to + 3);
        }
        a.Add(to + 1, to, to + 3);
        a.Subtract(to + 2, to, to + 3);
        a.Add(BiasSum, BiasSum, to + 1);
    }

    private void StoreWoven(Assembler a, int tile)
    {
        for (var part = 0; part < Parts; part++)
        {
            a.Round(Results + part, Results + part, Results - Parts + part);
            a.Permute(Results + part, Weave, Results + part);
            a.Store(Register.Rdx, (part * Part + tile * Channels * 2) * sizeof(ushort), Results + part);
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
