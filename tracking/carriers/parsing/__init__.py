"""Helpers with which adapters parse answers: typed access, times, places, measurements, rejections."""
