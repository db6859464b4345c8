using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Paws.Kernels;

/// <summary>Machine code in memory of its own: written, then made executable and no longer writable. Kept until the process ends.</summary>
internal static partial class ExecutableCode
{
    private const int Read = 1;
    private const int Write = 2;
    private const int Execute = 4;
    private const int PrivateAnonymous = 0x22;

    /// <summary>The address of a copy of the code that can be called.</summary>
    /// <exception cref="Win32Exception">The system does not give such memory (some hardened systems forbid it).</exception>
    public static unsafe nint Of(ReadOnlySpan<byte> code)
    {
        var length = (nuint)code.Length;
        var memory = Map(0, length, Read | Write, PrivateAnonymous, -1, 0);
        if (memory == -1)
        {
            throw new Win32Exception();
        }
        code.CopyTo(new Span<byte>((void*)memory, code.Length));
        if (Protect(memory, length, Read | Execute) != 0)
        {
            var why = new Win32Exception();
            _ = Unmap(memory, length);
            throw why;
        }
        return memory;
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
