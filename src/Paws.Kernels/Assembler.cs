using System.Buffers.Binary;

namespace Paws.Kernels;

/// <summary>A register of the processor that holds an address or a count.</summary>
internal enum Register : byte
{
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
    R11 = 11,
}

/// <summary>
/// Writes the few x86-64 instructions that the kernels need. The reason it is here: the runtime has no names for AVX512_BF16, whose
/// VDPBF16PS multiplies thirty-two pairs of numbers where the best of those it has names for multiplies sixteen. Vectors are zmm0 to
/// zmm31, written as their numbers. Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
/// </summary>
internal sealed class Assembler
{
    private const int Map0F = 1;
    private const int Map0F38 = 2;
    private const int NoPrefix = 0;
    private const int Prefix66 = 1;
    private const int PrefixF3 = 2;
    private const int PrefixF2 = 3;
    private readonly List<byte> code = [];

    /// <summary>How many vector registers there are.</summary>
    public const int Vectors = 32;

    /// <summary>What was written so far.</summary>
    public byte[] ToArray() => [.. code];

    /// <summary>The place of the next instruction, to jump back to.</summary>
    public int Here => code.Count;

    /// <summary>vector = 64 bytes at address + offset.</summary>
    public void Load(int vector, Register address, int offset) => FromMemory(Map0F, NoPrefix, 0x10, vector, address, offset);

    /// <summary>64 bytes at address + offset = vector.</summary>
    public void Store(Register address, int offset, int vector) => FromMemory(Map0F, NoPrefix, 0x11, vector, address, offset);

    /// <summary>32 bytes at address + offset = lower half of the vector.</summary>
    public void StoreHalf(Register address, int offset, int vector) =>
        FromMemory(Map0F, NoPrefix, 0x11, vector, address, offset, bits512: false);

    /// <summary>Every four bytes of the vector = the four bytes at address + offset.</summary>
    public void Broadcast(int vector, Register address, int offset) => FromMemory(Map0F38, Prefix66, 0x58, vector, address, offset);

    /// <summary>vector = sixteen bf16 numbers at address + offset, in fp32.</summary>
    public void LoadBf16(int vector, Register address, int offset)
    {
        FromMemory(Map0F38, Prefix66, 0x33, vector, address, offset); // VPMOVZXWD
        Registers(Map0F, Prefix66, 0x72, 6, vector, vector); // VPSLLD
        code.Add(16);
    }

    /// <summary>sums[i] += a[2i] · b[2i] + a[2i + 1] · b[2i + 1]; sums in fp32, a and b in bf16.</summary>
    public void MultiplyPairs(int sums, int a, int b) => Registers(Map0F38, PrefixF3, 0x52, sums, a, b);

    /// <summary>vector = 0.</summary>
    public void Zero(int vector) => Registers(Map0F, Prefix66, 0xEF, vector, vector, vector);

    /// <summary>target = a + b.</summary>
    public void Add(int target, int a, int b) => Registers(Map0F, NoPrefix, 0x58, target, a, b);

    /// <summary>target = a − b.</summary>
    public void Subtract(int target, int a, int b) => Registers(Map0F, NoPrefix, 0x5C, target, a, b);

    /// <summary>target = the larger of a and b; b where one of them is not a number.</summary>
    public void Max(int target, int a, int b) => Registers(Map0F, NoPrefix, 0x5F, target, a, b);

    /// <summary>vector = vector · factor + term.</summary>
    public void MultiplyAdd(int vector, int factor, int term) => Registers(Map0F38, Prefix66, 0xA8, vector, factor, term);

    /// <summary>Lower half of target = source, in bf16.</summary>
    public void Round(int target, int source) => Registers(Map0F38, PrefixF3, 0x72, target, 0, source);

    /// <summary>Lower half of target = lower, upper half = upper, in bf16.</summary>
    public void Round(int target, int lower, int upper) => Registers(Map0F38, PrefixF2, 0x72, target, upper, lower);

    /// <summary>target = source's 16-bit numbers in the order of indices.</summary>
    public void Permute(int target, int indices, int source) => Registers(Map0F38, Prefix66, 0x8D, target, indices, source, wide: true);

    /// <summary>register += value.</summary>
    public void Add(Register register, int value)
    {
        code.Add((byte)(0x48 | ((int)register >> 3)));
        code.Add(0x81);
        code.Add((byte)(0xC0 | ((int)register & 7)));
        Number(value);
    }

    /// <summary>target += source.</summary>
    public void Add(Register target, Register source) => TwoRegisters(0x01, source, target);

    /// <summary>target = source.</summary>
    public void Move(Register target, Register source) => TwoRegisters(0x89, source, target);

    /// <summary>target = source · value.</summary>
    public void Multiply(Register target, Register source, int value)
    {
        TwoRegisters(0x69, target, source);
        Number(value);
    }

    /// <summary>register = value.</summary>
    public void Set(Register register, long value)
    {
        code.Add((byte)(0x48 | ((int)register >> 3)));
        code.Add((byte)(0xB8 | ((int)register & 7)));
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        code.AddRange(bytes);
    }

    /// <summary>Takes one from the counter and jumps back unless nothing is left.</summary>
    public void Repeat(Register counter, int from)
    {
        code.Add((byte)(0x48 | ((int)counter >> 3)));
        code.Add(0xFF);
        code.Add((byte)(0xC8 | ((int)counter & 7)));
        code.Add(0x0F);
        code.Add(0x85);
        Number(from - (code.Count + 4));
    }

    /// <summary>Ends the function; the upper halves of the vectors are cleared for code that does not know them.</summary>
    public void Return() => code.AddRange([0xC5, 0xF8, 0x77, 0xC3]);

    private void TwoRegisters(byte operation, Register middle, Register last)
    {
        code.Add((byte)(0x48 | (((int)middle >> 3) << 2) | ((int)last >> 3)));
        code.Add(operation);
        code.Add((byte)(0xC0 | (((int)middle & 7) << 3) | ((int)last & 7)));
    }

    private void FromMemory(int map, int prefix, byte operation, int vector, Register address, int offset, bool bits512 = true)
    {
        Evex(map, prefix, vector, 0, ((int)address & 8) != 0, false, false, bits512);
        code.Add(operation);
        code.Add((byte)(0x80 | ((vector & 7) << 3) | ((int)address & 7)));
        Number(offset);
    }

    private void Registers(int map, int prefix, byte operation, int first, int second, int third, bool wide = false)
    {
        Evex(map, prefix, first, second, (third & 8) != 0, (third & 16) != 0, wide, true);
        code.Add(operation);
        code.Add((byte)(0xC0 | ((first & 7) << 3) | (third & 7)));
    }

    /// <summary>62, then three bytes in which the upper bits of register numbers are written inverted; no mask.</summary>
    private void Evex(int map, int prefix, int first, int second, bool thirdBit3, bool thirdBit4, bool wide, bool bits512)
    {
        var extensions = ((first & 8) == 0 ? 0x80 : 0) | (thirdBit4 ? 0 : 0x40) | (thirdBit3 ? 0 : 0x20) | ((first & 16) == 0 ? 0x10 : 0);
        code.Add(0x62);
        code.Add((byte)(extensions | map));
        code.Add((byte)((wide ? 0x80 : 0) | ((~second & 15) << 3) | 4 | prefix));
        code.Add((byte)((bits512 ? 0x40 : 0x20) | ((second & 16) == 0 ? 8 : 0)));
    }

    private void Number(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        code.AddRange(bytes);
    }
}
